-- Outside of a transaction a warning and nothing else.
create table t (id int, x text); insert into t values (1, current_setting('transaction_isolation'));
set transaction isolation level serializable; set constraints all deferred; insert into t values (2, current_setting('transaction_isolation'));
set transaction read only; insert into t values (3, 'writes');
