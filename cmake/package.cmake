# Read by cpack. Without these tools it would leave out what the package depends on, and make one all the same.
foreach(tool dpkg-shlibdeps file)
  find_program(ATMC_${tool} ${tool})
  if(NOT ATMC_${tool})
    message(FATAL_ERROR "cpack: ${tool} is missing: sh cmake/setup.sh package")
  endif()
endforeach()
