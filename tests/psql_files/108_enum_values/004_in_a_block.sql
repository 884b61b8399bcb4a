do $$ begin alter type mood add value if not exists 'from a block'; end $$;
insert into people values ('d', 'from a block');
create procedure add(label text) language plpgsql as $$ begin execute format('alter type mood add value %L', label); end $$; call add('by call;'); insert into people values ('e', 'by call;');
