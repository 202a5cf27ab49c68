include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)
set(OPTIMISATION -O0)  # the whole library is compiled here
build_and_run(${SCRATCH}/add_subdirectory -DNABLUR_SOURCE=${NABLUR} -DNABLUR_INSTALL=ON -DBUILD_SHARED_LIBS=${SHARED}
  -DCMAKE_INSTALL_LIBDIR=${LIBDIR} -DEVERY_FUNCTION=${SHARED})
if(SHARED)
  run(${SCRATCH}/add_subdirectory/consumer_every_function)
endif()

# Tests, examples and benchmarks are the business of a project on its own.
foreach(folder IN ITEMS tests examples bench)
  if(EXISTS ${SCRATCH}/add_subdirectory/nablur/${folder})
    message(FATAL_ERROR "As a subdirectory, Nablur also configures its ${folder}.")
  endif()
endforeach()
