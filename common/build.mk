# common/: the ground floor; knows no message and no daemon
$(eval $(call library,common,common/*.c))
COMMON_LDLIBS := -Wl,--as-needed -lev -lcjson -lcrypto -lpthread -lm
