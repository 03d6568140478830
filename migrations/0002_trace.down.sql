DROP FUNCTION ms_framework.trace(text);
DROP INDEX ms_framework.event_store_trace;
