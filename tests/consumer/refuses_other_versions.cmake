include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)

# Before 1.0 each minor version stands for itself.
foreach(wanted IN ITEMS 0.0 0.2 1.0)
  configure_consumer(${SCRATCH}/versions -DCMAKE_PREFIX_PATH=${PREFIX} -DNABLUR_WANTED=${wanted})
  if(status EQUAL 0)
    fail("${output}" "find_package(nablur ${wanted}) accepts version ${VERSION}.")
  endif()
  if(NOT output MATCHES "compatible[ \n]+with[ \n]+requested[ \n]+version[ \n]+\"${wanted}\"")
    fail("${output}" "find_package(nablur ${wanted}) fails, but not for its version.")
  endif()
endforeach()

configure_consumer(${SCRATCH}/versions -DCMAKE_PREFIX_PATH=${PREFIX} -DNABLUR_WANTED=${VERSION} -DNABLUR_COMPONENTS=gpu)
if(status EQUAL 0 OR NOT output MATCHES "gpu")
  fail("${output}" "A component that Nablur does not have is not refused by its name.")
endif()
