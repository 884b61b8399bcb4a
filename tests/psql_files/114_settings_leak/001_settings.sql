-- What a file sets for its session ends with it.
create table t (n int, x text); create function count_up() returns trigger language plpgsql as 'begin new.n := new.n + 1; return new; end'; create table log (x text);
create trigger up before insert on t for each row execute function count_up();
set statement_timeout = '100ms'; set session_replication_role = replica; set check_function_bodies = off; set default_transaction_isolation = 'serializable';
insert into t values (1, 'no trigger');
set transform_null_equals = on; set timezone = 'Asia/Tokyo'; set app.leak = 'leaked;'; set default_tablespace = ''; set row_security = off;
\set n 7
