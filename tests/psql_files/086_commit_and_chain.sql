create table t (id int, x text);
begin isolation level serializable;
insert into t values (1, 'committed');
commit and chain;
insert into t values (2, 'undone');
rollback and chain; insert into t values (3, current_setting('transaction_isolation')); commit work and chain; insert into t values (4, 'undone;');
rollback and no chain;
insert into t values (5, current_setting('transaction_isolation'));
