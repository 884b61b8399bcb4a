-- server >= 14
-- Forms without the word CONCURRENTLY that refuse a transaction: a schema, and tables with partitions.
create schema s; create table s.t (id int primary key); create table parted (id int) partition by range (id);
create table part partition of parted for values from (0) to (10); create index parted_id on parted (id); insert into parted values (1);
create table files as select 1 as step, pg_relation_filenode('s.t_pkey') a, pg_relation_filenode('part_id_idx') b;
reindex schema s; insert into files select 2, pg_relation_filenode('s.t_pkey'), pg_relation_filenode('part_id_idx');
reindex table parted; insert into files select 3, pg_relation_filenode('s.t_pkey'), pg_relation_filenode('part_id_idx');
reindex index parted_id; insert into files select 4, pg_relation_filenode('s.t_pkey'), pg_relation_filenode('part_id_idx');
create table results as select step, a <> lag(a) over w as a_new, b <> lag(b) over w as b_new from files window w as (order by step); drop table files;
