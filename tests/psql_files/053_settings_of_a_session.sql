-- A session begins as psql's does, whatever a driver would like.
create table settings as select name, setting from pg_settings
    where name in ('TimeZone', 'DateStyle', 'IntervalStyle', 'extra_float_digits', 'client_encoding', 'search_path', 'statement_timeout', 'client_min_messages',
        'standard_conforming_strings', 'bytea_output', 'row_security', 'session_replication_role', 'transaction_isolation', 'default_transaction_isolation',
        'transaction_read_only', 'check_function_bodies', 'default_table_access_method', 'synchronous_commit', 'idle_in_transaction_session_timeout', 'role',
        'lc_messages', 'plan_cache_mode', 'jit', 'xmlbinary', 'backslash_quote', 'transform_null_equals', 'default_tablespace', 'temp_tablespaces');
insert into settings values ('who', current_user || session_user), ('midsummer', '2026-07-01 12:00+00'::timestamptz::text), ('path', current_schemas(true)::text),
    ('temp', (select count(*) from pg_class where relpersistence = 't')::text), ('prepared', (select count(*) from pg_prepared_statements)::text);
