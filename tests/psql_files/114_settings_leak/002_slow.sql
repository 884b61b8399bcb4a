select pg_sleep(0.2); insert into t values (1, 'trigger'); insert into log values (nullif(current_setting('app.leak', true), '')), (current_setting('transaction_isolation'));
insert into log values ('2026-07-01 12:00+00'::timestamptz); insert into log select 'equal nulls' from t where null = null; insert into log select x from (select array['a', 'b;'] x, 1 n) s where x[1:n] = '{a}';
set default_transaction_read_only = on;
