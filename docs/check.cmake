# Writes the pages, and fails with what Doxygen warns of.
execute_process(COMMAND ${DOXYGEN} ${FOLDER}/Doxyfile RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "Doxygen (\"${DOXYGEN}\") ended with: ${status}")
endif()
file(STRINGS ${FOLDER}/warnings.txt warnings)
# Names that say it all, and overloads that share the comment of the first. Types must be documented, all of them.
list(FILTER warnings EXCLUDE REGEX "Member .* \\((function|variable|friend|typedef)\\) of .* is not documented")
# Doxygen 1.9 does not find the home of a specialisation in another namespace.
list(FILTER warnings EXCLUDE REGEX "Internal inconsistency: scope for class (std|Eigen)::")
if(warnings)
  list(JOIN warnings "\n" text)
  message("${text}")
  message(FATAL_ERROR "The documentation has flaws (see above).")
endif()
