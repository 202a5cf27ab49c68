include(CMakePackageConfigHelpers)

foreach(header IN LISTS NABLUR_PUBLIC_HEADERS)
  cmake_path(GET header PARENT_PATH folder)
  install(FILES ${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/nablur/${folder})
endforeach()
install(TARGETS nablur EXPORT nablurTargets)

set(NABLUR_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/nablur)
install(EXPORT nablurTargets NAMESPACE nablur:: DESTINATION ${NABLUR_CMAKE_DIR})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/nablurConfig.cmake.in ${PROJECT_BINARY_DIR}/nablurConfig.cmake
  INSTALL_DESTINATION ${NABLUR_CMAKE_DIR})
# Before 1.0 a minor version may break what the one before it promised.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/nablurConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/nablurConfig.cmake ${PROJECT_BINARY_DIR}/nablurConfigVersion.cmake
  DESTINATION ${NABLUR_CMAKE_DIR})

# pkg-config: the prefix is found from the file's own place, so that an installed tree may be moved.
file(RELATIVE_PATH NABLUR_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" NABLUR_PC_PREFIX "${NABLUR_PC_PREFIX}")
configure_file(${CMAKE_CURRENT_LIST_DIR}/nablur.pc.in ${PROJECT_BINARY_DIR}/nablur.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/nablur.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
