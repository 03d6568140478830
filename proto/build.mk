# proto/: what is said; pure: bytes <-> meaning
$(eval $(call library,proto,proto/*.c proto/conf/*.c proto/msg/*.c))
