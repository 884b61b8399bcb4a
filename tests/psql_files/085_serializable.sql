create table t (id int, level text, read_only text);
start transaction isolation level serializable;
insert into t values (1, current_setting('transaction_isolation'), current_setting('transaction_read_only'));
commit;
begin; set transaction isolation level repeatable read; insert into t values (2, current_setting('transaction_isolation')); end;
begin read only; select * from t; commit; begin transaction isolation level serializable, read only, deferrable; select 1; commit;
set session characteristics as transaction isolation level serializable; begin; insert into t values (3, current_setting('transaction_isolation')); commit;
set default_transaction_read_only = on; begin read write; insert into t values (4, current_setting('transaction_isolation')); commit;
