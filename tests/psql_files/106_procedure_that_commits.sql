-- Its COMMIT and ROLLBACK work where no transaction is open.
create table t (n int, x text);
create procedure odd_ones(upto int) language plpgsql as $$
begin
    for i in 1..upto loop
        insert into t values (i, 'x;');
        if i % 2 = 0 then rollback; else commit; end if;
    end loop;
end $$;
call odd_ones(5);
insert into t values (100, 'between'); do $$ begin call odd_ones(2); end $$; CALL public.odd_ones(upto => 3); create index on t (n);
create procedure harmless() language sql as 'insert into t values (200)'; call harmless();
