-- server >= 15
create table t (id int primary key, n int); insert into t values (1, 1), (2, 2), (3, 3);
create table s (id int, n int); insert into s values (1, 10), (2, null), (4, 40);
merge into t using s on t.id = s.id
when matched and s.n is null then delete
when matched then update set n = case when s.n > 5 then s.n else 0 end
when not matched then insert (id, n) values (s.id, s.n); -- ;
create procedure p() begin atomic merge into t using s on t.id = s.id when not matched then do nothing when matched then update set n = t.n + 1; end;
call p();
