# Compiles by hand, as a Makefile would.
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)

set(ENV{PKG_CONFIG_PATH} "${PREFIX}/${LIBDIR}/pkgconfig:$ENV{PKG_CONFIG_PATH}")
foreach(question IN ITEMS cflags libs)
  run(pkg-config --${question} nablur)
  string(STRIP "${output}" output)
  separate_arguments(${question} UNIX_COMMAND "${output}")
endforeach()
# A folder that is named as a system folder too is one, whatever else it is: warnings of Eigen's headers are not ours.
run(pkg-config --cflags-only-I eigen3)
string(STRIP "${output}" output)
string(REPLACE "-I" "-isystem" eigen "${output}")
separate_arguments(eigen UNIX_COMMAND "${eigen}")

set(folder ${SCRATCH}/pkg_config)
file(REMOVE_RECURSE ${folder})
file(MAKE_DIRECTORY ${folder})
run(${COMPILER} -std=c++20 ${OPTIMISATION} ${WARNINGS} -DBESIDE_AUTODIFF ${cflags} ${eigen} ${PROJECT}/main.cpp -o ${folder}/consumer ${libs})
run(${CMAKE_COMMAND} -E env LD_LIBRARY_PATH=${PREFIX}/${LIBDIR} ${folder}/consumer)

run(pkg-config --modversion nablur)
if(NOT output MATCHES "^${VERSION}\\.")
  message(FATAL_ERROR "pkg-config tells version ${output}, not ${VERSION}.")
endif()
