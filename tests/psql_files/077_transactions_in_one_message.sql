create table t (id int);
begin\; insert into t values (1)\; rollback\; insert into t values (2)\;;
begin\; insert into t values (3)\; commit; insert into t values (4)\; insert into t values (5);
select 1\; rollback; insert into t values (6);
