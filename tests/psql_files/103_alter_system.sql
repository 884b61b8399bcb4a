-- server-wide, outside of transactions; taken back at once.
create table seen (step int, found bigint);
alter system set log_min_duration_statement = '1h'; insert into seen select 1, count(*) from pg_file_settings where name = 'log_min_duration_statement' and setting = '1h';
ALTER SYSTEM RESET log_min_duration_statement; insert into seen select 2, count(*) from pg_file_settings where name = 'log_min_duration_statement' and setting = '1h';
