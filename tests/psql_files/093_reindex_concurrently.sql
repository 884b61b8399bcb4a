-- By index and table, as an option and as a word; each makes new files, which is what the result shows.
create table t (id int primary key, n text); create index t_n on t (n);
create table files (step serial, id oid, n oid); insert into files (id, n) values (pg_relation_filenode('t_pkey'), pg_relation_filenode('t_n'));
reindex index concurrently t_n; insert into files (id, n) values (pg_relation_filenode('t_pkey'), pg_relation_filenode('t_n'));
REINDEX TABLE CONCURRENTLY t; insert into files (id, n) values (pg_relation_filenode('t_pkey'), pg_relation_filenode('t_n'));
reindex (verbose) table concurrently t; insert into files (id, n) values (pg_relation_filenode('t_pkey'), pg_relation_filenode('t_n'));
create table results as select step, id <> lag(id) over w as id_new, n <> lag(n) over w as n_new from files window w as (order by step); drop table files;
