-- The file's own transactions, by all their names, among statements outside of them.
create table t (id int, x text);
insert into t values (1, 'before');
begin; insert into t values (2, 'in'); set local app.x = 'local;'; insert into t values (3, current_setting('app.x')); commit;
insert into t values (4, current_setting('app.x', true));
start transaction read write; insert into t values (5, 'start'); end;
begin work; lock table t in exclusive mode; set constraints all immediate; insert into t values (6, 'work'); end transaction;
begin isolation level repeatable read, read write; insert into t values (7, current_setting('transaction_isolation')); commit and no chain;
insert into t values (8, current_setting('transaction_isolation'));
begin transaction deferrable; create temp table gone (id int) on commit drop; insert into gone values (9); insert into t select id, 'temp' from gone; commit;
insert into t values (10, coalesce(to_regclass('gone')::text, 'gone;'));
