# What the steps share. Settings: see CMakeLists.txt.
set(PREFIX ${SCRATCH}/prefix)
set(WARNINGS -Werror -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow)
set(OPTIMISATION -O1)  # below which g++ does not see all that it warns of
if(NOT LIBDIR)
  set(LIBDIR lib)
endif()

# The test fails, with what a command told above the sentence (FATAL_ERROR would wrap its lines).
function(fail told sentence)
  message("${told}")
  message(FATAL_ERROR "${sentence}")
endfunction()

# run(<command>...): sets `output`; the test fails where the command does.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    fail("${command}\n${text}" "The command above ended with ${status}.")
  endif()
  set(output "${text}" PARENT_SCOPE)
endfunction()

# Sets `native_flag` to what compiles for this machine, empty where the compiler has no such flag.
function(find_native_flag)
  file(WRITE ${SCRATCH}/empty.cpp "")
  execute_process(COMMAND ${COMPILER} -march=native -fsyntax-only ${SCRATCH}/empty.cpp RESULT_VARIABLE status
    OUTPUT_QUIET ERROR_QUIET)
  if(status EQUAL 0)
    set(native_flag -march=native PARENT_SCOPE)
  else()
    set(native_flag "" PARENT_SCOPE)
  endif()
endfunction()

# configure_consumer(<folder> <setting>...): sets `status` and `output`.
function(configure_consumer folder)
  file(REMOVE_RECURSE ${folder})
  find_native_flag()
  list(JOIN WARNINGS " " flags)
  execute_process(
    COMMAND ${CMAKE_COMMAND} -S ${PROJECT} -B ${folder} -G ${GENERATOR} -DCMAKE_MAKE_PROGRAM=${MAKE_PROGRAM}
      -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} "-DCMAKE_CXX_FLAGS=${OPTIMISATION} ${flags}"
      -DCMAKE_BUILD_TYPE=None -DCMAKE_EXPORT_COMPILE_COMMANDS=ON -DEigen3_DIR=${EIGEN_DIR}
      -DFOREIGN_INCLUDE=${FOREIGN} -DNATIVE_FLAG=${native_flag} ${ARGN}
    RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
  set(status ${status} PARENT_SCOPE)
  set(output "${text}" PARENT_SCOPE)
endfunction()

# build_and_run(<folder> <setting>...): configures, builds and runs all programs of the consumer project.
function(build_and_run folder)
  configure_consumer(${folder} ${ARGN})
  if(NOT status EQUAL 0)
    fail("${output}" "The consumer project does not configure.")
  endif()
  # Else the warnings of our headers would be hushed, and this test would be blind to them.
  file(READ ${folder}/compile_commands.json commands)
  if(commands MATCHES "-isystem [^ ]*(prefix|nablur)[^ ]*/include")
    message(FATAL_ERROR "Nablur's headers are seen as system headers: ${CMAKE_MATCH_0}")
  endif()
  run(${CMAKE_COMMAND} --build ${folder} --parallel 2)
  foreach(program IN ITEMS consumer consumer_beside_autodiff consumer_native)
    run(${folder}/${program})
  endforeach()
endfunction()
