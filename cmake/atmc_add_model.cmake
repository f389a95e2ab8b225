# atmc_add_model(TARGET
#                MODEL model.json WEIGHTS weights.safetensors SHAPES 1x3x224x224 [...]
#                [ISAS v2 v3 v4] [PREFIX name] [QUANTIZE int8] [EXTERNAL_WEIGHTS] [SHARED_RUNTIME] [OPTIONS ...])
#
# Makes a library TARGET to link: its header is TARGET.h, its symbols begin with PREFIX (TARGET unless said). It is
# compiled again when the model, its weights or atmc change. ISAS are those of `atmc compile --isa`; by default
# v2, v3 and v4 in one for x86-64, neon for AArch64, all there is for RISC-V and POWER. Cross compiling works as for any
# other library: the code is for CMAKE_SYSTEM_PROCESSOR, and ISAS must be its. With EXTERNAL_WEIGHTS they are
# TARGET.weights (property ATMC_WEIGHTS of the target). What links TARGET links atmc::runtime; with SHARED_RUNTIME
# atmc::runtime_shared, which is built for this machine alone.

# The runtime, built once for all models of the project.
function(atmc_add_runtime)
  if(TARGET atmc::runtime)
    return()
  endif()
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if(NOT "C" IN_LIST languages)
    message(FATAL_ERROR "atmc_add_model: the project needs the language C for the runtime")
  endif()
  find_package(Threads REQUIRED)
  file(GLOB sources "${ATMC_RUNTIME_DIR}/*.c")
  add_library(atmc_runtime STATIC EXCLUDE_FROM_ALL ${sources})
  set_target_properties(atmc_runtime PROPERTIES POSITION_INDEPENDENT_CODE ON C_STANDARD 11 C_EXTENSIONS ON)
  target_include_directories(atmc_runtime PUBLIC "${ATMC_RUNTIME_DIR}")
  target_link_libraries(atmc_runtime PUBLIC Threads::Threads)
  add_library(atmc::runtime ALIAS atmc_runtime)
endfunction()

# The machine, and the instruction sets: those that were asked for, or those that a product of this processor wants.
# `more` are OPTIONS, which may name a target themselves.
function(atmc_target_options out isas more)
  string(TOLOWER "${CMAKE_SYSTEM_PROCESSOR}" processor)
  if(processor MATCHES "^(x86_64|amd64)$")
    set(machine x86_64)
    set(default v2,v3,v4)
  elseif(processor MATCHES "^(aarch64|arm64)$")
    set(machine aarch64)
    set(default neon)
  elseif(processor STREQUAL "riscv64")
    set(machine riscv64)
  elseif(processor STREQUAL "ppc64le")
    set(machine powerpc64le)
  else()
    message(FATAL_ERROR "atmc_add_model: no code for ${CMAKE_SYSTEM_PROCESSOR}")
  endif()
  string(JOIN "," chosen ${isas})
  if(NOT chosen)
    set(chosen ${default})
  endif()
  set(options)
  if(NOT chosen STREQUAL "native" AND NOT more MATCHES "--target=")
    list(APPEND options --target=${machine}-linux-gnu)
  endif()
  if(chosen)
    list(APPEND options --isa=${chosen})
  endif()
  set(${out} "${options}" PARENT_SCOPE)
endfunction()

function(atmc_add_model target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "EXTERNAL_WEIGHTS;SHARED_RUNTIME" "MODEL;WEIGHTS;PREFIX;QUANTIZE" "SHAPES;ISAS;OPTIONS")
  foreach(needed MODEL WEIGHTS SHAPES)
    if(NOT arg_${needed})
      message(FATAL_ERROR "atmc_add_model(${target}): ${needed} is missing")
    endif()
  endforeach()
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "atmc_add_model(${target}): unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_PREFIX)
    set(arg_PREFIX ${target})
  endif()
  set(runtime atmc::runtime)
  if(arg_SHARED_RUNTIME)
    set(runtime atmc::runtime_shared)
  else()
    atmc_add_runtime()
  endif()
  if(NOT TARGET ${runtime})
    message(FATAL_ERROR "atmc_add_model(${target}): SHARED_RUNTIME: there is none for another machine than this one")
  endif()
  atmc_target_options(options "${arg_ISAS}" "${arg_OPTIONS}")
  if(arg_QUANTIZE)
    list(APPEND options --quantize=${arg_QUANTIZE})
  endif()
  string(JOIN "," shapes ${arg_SHAPES})
  cmake_path(ABSOLUTE_PATH arg_MODEL BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
  cmake_path(ABSOLUTE_PATH arg_WEIGHTS BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/${target}.atmc")
  file(MAKE_DIRECTORY "${folder}")
  set(library "${folder}/lib${target}.a")
  set(outputs "${folder}/${target}.h" "${library}") # ninja wants them as the rule in the depfile has them
  if(arg_EXTERNAL_WEIGHTS)
    list(APPEND options --weights-mode=external)
    list(PREPEND outputs "${folder}/${target}.weights")
  endif()
  set(touch "${CMAKE_COMMAND}" -E touch ${outputs})
  if(CMAKE_GENERATOR MATCHES "Ninja")
    set(touch "${CMAKE_COMMAND}" -E true)
  endif()
  add_custom_command(
    OUTPUT ${outputs}
    COMMAND atmc::atmc compile "${arg_MODEL}" --weights "${arg_WEIGHTS}" --shape "${shapes}" ${options}
            ${arg_OPTIONS} --prefix=${arg_PREFIX} --emit=lib,header -MD -o "${folder}/${target}"
    COMMAND ${touch} # unchanged outputs keep their date; ninja knows that, make would compile again each time
    DEPENDS "${arg_MODEL}" "${arg_WEIGHTS}" atmc::atmc
    DEPFILE "${folder}/${target}.d"
    COMMENT "Compiling the model ${target}"
    VERBATIM)
  add_custom_target(${target}_atmc DEPENDS ${outputs})
  add_library(${target} STATIC IMPORTED GLOBAL)
  add_dependencies(${target} ${target}_atmc)
  set_target_properties(${target} PROPERTIES
    IMPORTED_LOCATION "${library}"
    INTERFACE_INCLUDE_DIRECTORIES "${folder}"
    INTERFACE_LINK_LIBRARIES ${runtime})
  if(arg_EXTERNAL_WEIGHTS)
    set_target_properties(${target} PROPERTIES ATMC_WEIGHTS "${folder}/${target}.weights")
  endif()
endfunction()
