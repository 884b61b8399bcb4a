copy t (a, id) from stdin csv header delimiter ';' quote '''' escape '\' null '-';
a;id
'it\'s; x';5
-;6
