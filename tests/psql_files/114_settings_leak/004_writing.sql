insert into log values (current_setting('transaction_isolation')), ((current_setting('lock_timeout') = '1ms')::text); set client_encoding = 'SQL_ASCII'; set datestyle = 'ISO, DMY';
