create table t (id int, n text); insert into t select i, i::text from generate_series(1, 100) i;
create index id_before on t (id); create unique index id_unique on t (id);
