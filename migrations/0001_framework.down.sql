DROP SCHEMA ms_config;
DROP SCHEMA ms_audit;
DROP SCHEMA ms_messaging;
DROP SCHEMA ms_agents;
DROP SCHEMA ms_framework CASCADE;
