-- Works because each statement is a transaction: in one for all, the ALTER would meet checks that are still to be made.
create table p (id int primary key);
create table c (p int references p deferrable initially deferred);
insert into p values (1), (2); insert into c values (1);
alter table c add column n int default 5;
update p set id = 3 where id = 2; alter table p add check (id > 0);
truncate c; alter table c alter column n type text; insert into c values (3, ';');
