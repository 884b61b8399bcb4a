-- A client has no say in how the file wants its dates and numbers.
set datestyle = 'ISO, DMY'; set intervalstyle = 'sql_standard'; set timezone = 'America/St_Johns'; set extra_float_digits = 0; set bytea_output = 'escape';
create table t (d date, s text, i text, z timestamptz, f text, b text);
insert into t values ('31.12.2025', '2026-02-01'::date::text, '1 day 2 hours'::interval::text, '01.07.2026 12:00', 0.1::float8 + 0.2, 'a\\b'::bytea::text);
select * from t; set datestyle to dmy; insert into t (d, s) values ('01/02/2026', '03/02/2026'::date::text); set datestyle = 'MDY';
copy t (d) from stdin;
05/06/2026
\.
