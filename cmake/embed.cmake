# Turns files into C arrays. As a script:
#   cmake -DOUTPUT=out.c -DROOT=dir -DFILES=a.c,b/c.h -P embed.cmake
# writes `embedded_runtime[]` (backends/llvm/embedded_runtime.h); names are relative to ROOT.
if(CMAKE_SCRIPT_MODE_FILE)
  string(REPLACE "," ";" names "${FILES}")
  set(arrays "")
  set(rows "")
  set(index 0)
  foreach(name ${names})
    file(READ ${ROOT}/${name} bytes HEX)
    string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    string(APPEND arrays "static const char file_${index}[] = {\n${bytes}0};\n")
    string(APPEND rows "    {\"${name}\", file_${index}, sizeof file_${index} - 1},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  file(WRITE ${OUTPUT} "#include \"backends/llvm/embedded_runtime.h\"\n\n${arrays}\n"
       "const EmbeddedFile embedded_runtime[] = {\n${rows}};\n"
       "const uint32_t embedded_runtime_count = ${index};\n")
  return()
endif()

# A library with the runtime's sources, for programs that the compiler links.
file(GLOB_RECURSE runtime_files RELATIVE ${CMAKE_SOURCE_DIR}/runtime CONFIGURE_DEPENDS
     ${CMAKE_SOURCE_DIR}/runtime/*.c ${CMAKE_SOURCE_DIR}/runtime/*.h
     ${CMAKE_SOURCE_DIR}/runtime/*.def ${CMAKE_SOURCE_DIR}/runtime/bindings/*)
list(JOIN runtime_files "," runtime_names)
list(TRANSFORM runtime_files PREPEND ${CMAKE_SOURCE_DIR}/runtime/ OUTPUT_VARIABLE runtime_paths)
set(embedded_source ${CMAKE_BINARY_DIR}/embedded_runtime.c)
add_custom_command(
  OUTPUT ${embedded_source}
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${embedded_source} -DROOT=${CMAKE_SOURCE_DIR}/runtime
          -DFILES=${runtime_names} -P ${CMAKE_CURRENT_LIST_FILE}
  DEPENDS ${runtime_paths} ${CMAKE_CURRENT_LIST_FILE}
  COMMENT "Embedding the runtime")
add_library(atmc_embedded_runtime STATIC ${embedded_source})
set_target_properties(atmc_embedded_runtime PROPERTIES POSITION_INDEPENDENT_CODE ON)
