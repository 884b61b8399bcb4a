-- Tags of all kinds, one quote inside another.
create table texts (id int, t text);
insert into texts values (1, $$it's; "fine" \$$), (2, $a$ $b$ ; $$ ; $b$ $a$), (3, $_1$;$1 $_ $$_1$), (4, $$$$), (5, $A$ $a$; $A$);
insert into texts values (6, $größe$ ; $groesse$ ; $größe$), (7, $do$ do $do $do$);
do $do$
declare
    text text := $t$ do $$ begin; end $$ $t$;
begin
    execute $x$insert into texts values (8, $y$;'$y$)$x$;
    execute 'insert into texts values (9, $1)' using text;
end
$do$;
do language plpgsql $$begin insert into texts values (10, ';'); end$$;
