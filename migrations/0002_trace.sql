-- Events by the trace they belong to (W3C Trace Context), in the order of the
-- bus:  SELECT * FROM ms_framework.trace('4bf92f3577b34da6a3ce929d0e0e4736');
CREATE INDEX event_store_trace ON ms_framework.event_store
    (split_part(metadata ->> 'traceparent', '-', 2))
    WHERE metadata ? 'traceparent';

CREATE FUNCTION ms_framework.trace(trace_id text)
    RETURNS SETOF ms_framework.event_store
    LANGUAGE sql STABLE
    AS $$
        SELECT * FROM ms_framework.event_store
        WHERE metadata ? 'traceparent'
            AND split_part(metadata ->> 'traceparent', '-', 2) = trace_id
        ORDER BY bus_seq
    $$;
