# proto/client/: libms, the only client I/O here; what agents link
$(eval $(call library,ms,proto/client/*.c))
