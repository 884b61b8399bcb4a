-- Meets the tables of the tool that runs this, too.
create table t (id int); insert into t select generate_series(1, 100);
analyze; create table seen as select reltuples from pg_class where relname = 't';
delete from t where id > 50; vacuum; insert into seen select reltuples from pg_class where relname = 't';
insert into t values (1); VACUUM (ANALYZE); insert into seen select reltuples from pg_class where relname = 't';
