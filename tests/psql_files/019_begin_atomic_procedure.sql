-- server >= 14
create table log (n int, t text);
create table "end" ("begin" int);
create procedure note(n int, t text)
language sql
begin atomic
    insert into log values (n, t);
    insert into log select n + 1, case when t = 'x' then 'was x;' else t end;
    update log set n = log.n + 100 where log.n = $1;
    delete from log where log.n = -1;
    insert into "end" values (n);
end;
call note(1, 'x'); call note(-1, $$;end$$);
create or replace procedure nothing() begin atomic ; ; end; call nothing();
