-- Forgets the session, not what was done.
create table t (id int, n text); set search_path = pg_catalog; create temp table public_t (id int); prepare p as select 1;
insert into public.t values (1, current_setting('search_path'));
discard all;
insert into t values (2, current_setting('search_path')), (3, (select count(*) from pg_prepared_statements)::text), (4, to_regclass('pg_temp.public_t'));
discard plans; discard sequences; create temp table x (); discard temp; create temp table x (id int); reset all; insert into t values (5, to_regclass('pg_temp.x')::text);
