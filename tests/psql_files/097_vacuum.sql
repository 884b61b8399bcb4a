-- The statistics tell that it ran.
create table t (id int, n text); insert into t select i, 'x;' from generate_series(1, 1000) i; delete from t where id > 900;
create table seen (what text, n bigint, file oid);
vacuum (analyze) t; insert into seen select 'analyzed', reltuples from pg_class where relname = 't'; insert into seen select 'columns', count(*) from pg_stats where tablename = 't';
insert into t select i, 'y' from generate_series(1, 50) i; VACUUM t; insert into seen select 'vacuumed', reltuples from pg_class where relname = 't';
insert into seen values ('file', null, pg_relation_filenode('t')); vacuum full t; insert into seen select 'full', reltuples from pg_class where relname = 't';
insert into seen select 'new file', count(*) from seen where file <> pg_relation_filenode('t'); update seen set file = null;
vacuum freeze analyze seen, t (n); vacuum (verbose, skip_locked, index_cleanup false) t; analyze (skip_locked) t (id); checkpoint;
