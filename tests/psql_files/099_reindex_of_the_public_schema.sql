-- Meets the tables of the tool that runs this, too.
create table t (id int primary key); create table files as select pg_relation_filenode('t_pkey') f;
reindex schema public; create table results as select f <> pg_relation_filenode('t_pkey') as new_file from files; drop table files;
