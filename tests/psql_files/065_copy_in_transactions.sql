-- In a transaction of the file; FREEZE needs one.
begin;
create table t (id int, a text);
copy t from stdin with (freeze);
1	begin;
2	commit;
\.
commit;
begin; copy t from stdin;
3	undone
\.
rollback; start transaction; savepoint s; copy t from stdin;
4	undone
\.
rollback to s; copy t from stdin;
5	stays
\.
end;
