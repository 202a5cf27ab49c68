include(CMakePackageConfigHelpers)

# Components: nablur_runtime is the shared library alone, nablur_development all that one needs to build against it.
foreach(header IN LISTS NABLUR_PUBLIC_HEADERS NABLUR_INSTALLED_DETAILS)
  cmake_path(GET header PARENT_PATH folder)
  install(FILES ${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/nablur/${folder} COMPONENT nablur_development)
endforeach()
install(TARGETS nablur EXPORT nablurTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT nablur_runtime NAMELINK_COMPONENT nablur_development
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT nablur_development)

set(NABLUR_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/nablur)
install(EXPORT nablurTargets NAMESPACE nablur:: DESTINATION ${NABLUR_CMAKE_DIR} COMPONENT nablur_development)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/nablurConfig.cmake.in ${PROJECT_BINARY_DIR}/nablurConfig.cmake
  INSTALL_DESTINATION ${NABLUR_CMAKE_DIR})
# Before 1.0 a minor version may break what the one before it promised.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/nablurConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/nablurConfig.cmake ${PROJECT_BINARY_DIR}/nablurConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/Findsleef.cmake
  DESTINATION ${NABLUR_CMAKE_DIR} COMPONENT nablur_development)

# pkg-config: all is found from the file's own place, so that an installed tree may be moved. The full paths serve for their
# relation alone, which also holds where a packager gives an absolute CMAKE_INSTALL_LIBDIR.
set(NABLUR_PC_DIR ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${NABLUR_PC_DIR} OUTPUT_VARIABLE NABLUR_PC_PREFIX)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_INCLUDEDIR BASE_DIRECTORY ${NABLUR_PC_DIR} OUTPUT_VARIABLE NABLUR_PC_INCLUDEDIR)
# A static library needs its own libraries without pkg-config's --static too, which nobody thinks of.
set(NABLUR_PC_STATIC_LIBS "")
if(NOT BUILD_SHARED_LIBS)
  set(NABLUR_PC_STATIC_LIBS " -lhwy -lsleef -pthread")
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/nablur.pc.in ${PROJECT_BINARY_DIR}/nablur.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/nablur.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT nablur_development)
