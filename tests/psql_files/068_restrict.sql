--
-- PostgreSQL database dump
--

\restrict 8h9bGzAeRTPpcHGgGfYZqKpHfWZfnLbXkcJ3Ua7TzKcEoWJd1uQbYlXxgS0aVnB

-- Dumped from database version 18.0
-- Dumped by pg_dump version 18.0

SET statement_timeout = 0;
SET client_min_messages = warning;
CREATE TABLE public.t (id integer, note text DEFAULT '\unrestrict x'::text);
COPY public.t (id, note) FROM stdin;
1	\\unrestrict x
2	;
\.

\unrestrict 8h9bGzAeRTPpcHGgGfYZqKpHfWZfnLbXkcJ3Ua7TzKcEoWJd1uQbYlXxgS0aVnB

insert into t values (3, 'after');
