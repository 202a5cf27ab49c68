# Writes a one-line header for each file, so that in the build tree, as once installed, every include is <nablur/...>, and the
# source root (with its autodiff/ folder, a name that another library uses too) is on nobody's include path.
function(nablur_forward_headers root)
  foreach(header IN LISTS ARGN)
    file(CONFIGURE OUTPUT ${root}/${header} CONTENT "#include \"${CMAKE_CURRENT_SOURCE_DIR}/${header}\"\n" @ONLY)
  endforeach()
endfunction()
