# common/: the ground floor; knows no message and no daemon
$(eval $(call library,common,common/*.c))
COMMON_LDLIBS := -lev -lcjson -lcrypto -lpthread -lm
