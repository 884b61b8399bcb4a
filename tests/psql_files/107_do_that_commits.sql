create table t (n int, x text);
do $$
declare
    r record;
begin
    for i in 1..3 loop insert into t values (i, 'kept;'); commit; end loop;
    for r in select n from t order by n loop insert into t values (r.n + 10, 'loop'); commit; end loop;
    insert into t values (4, 'undone'); rollback;
    commit and chain; insert into t values (5, 'end');
end $$;
update t set x = 'after' where n = 1; do $$ begin insert into t values (6, 'harmless; commit;'); end $$;
