-- Messages of every level, none of which is an error.
create table done (t text);
do $$
begin
    raise notice 'it''s; %', 1; raise warning 'careful; % %%', 'x'; raise info 'info'; raise log 'log'; raise debug 'debug';
    begin
        raise exception 'caught; %', 1 using errcode = '25001', hint = 'a; b', detail = 'c';
    exception when sqlstate '25001' then
        insert into done values (sqlerrm);
    end;
end
$$;
drop table if exists nowhere; create table if not exists done (); insert into done values ('after') on conflict do nothing;
