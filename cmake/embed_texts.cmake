# Turns text files into C strings. As a script:
#   cmake -DOUTPUT=out.c -DHEADER=dir/strings.h -DROOT=dir -DFILES=page.css,page.js -DPREFIX=report
#         -P embed_texts.cmake
# writes `const char report_css[]` and so on, which HEADER declares: a name is that of the ending.
string(REPLACE "," ";" names "${FILES}")
set(arrays "")
foreach(name ${names})
  get_filename_component(ending ${name} LAST_EXT)
  string(REPLACE "." "_" symbol "${PREFIX}${ending}")
  file(READ ${ROOT}/${name} bytes HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "const char ${symbol}[] = {\n${bytes}0};\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"${HEADER}\"\n\n${arrays}")
