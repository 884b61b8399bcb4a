-- A dump empties the search path of its session.
SELECT pg_catalog.set_config('search_path', '', false);
CREATE TABLE public.a (id integer);
INSERT INTO public.a VALUES (1);
