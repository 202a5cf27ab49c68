function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    string(REPLACE ";" " " command "${ARGV}")
    message(FATAL_ERROR "${output}\n${command}: status ${status}")
  endif()
endfunction()

set(tree ${SCRATCH}/tree)
file(REMOVE_RECURSE ${tree})
foreach(part IN ITEMS ARCHITECTURE.md CMakeLists.txt CONTRIBUTING.md README.md nablur.h autodiff bench cmake docs examples
    gradcheck io ops optimize scripts support tests tools)
  file(COPY ${SOURCE}/${part} DESTINATION ${tree})
endforeach()
file(GLOB recipes ${SOURCE}/docs/recipes/*.patch)
list(SORT recipes)
foreach(recipe IN LISTS recipes)
  run(patch --directory ${tree} --strip 1 --no-backup-if-mismatch --input ${recipe})
endforeach()

set(build ${SCRATCH}/build)
run(${CMAKE_COMMAND} -S ${tree} -B ${build} -G Ninja -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_BUILD_TYPE=None
  -DCMAKE_CXX_FLAGS=-O0 -DNABLUR_BUILD_EXAMPLES=OFF -DNABLUR_BUILD_BENCHMARKS=OFF
  -DCMAKE_GTEST_DISCOVER_TESTS_DISCOVERY_MODE=PRE_TEST)
run(${CMAKE_COMMAND} --build ${build} --target nablur_tests)
run(${build}/tests/nablur_tests --gtest_brief=1
  "--gtest_filter=Table/*sinh*:Table/*cumsum*:Table/*tent_blur*:GradientCaseTable.*:Structure.*:Cumulate.*:TentBlur.*")
