include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)
build_and_run(${SCRATCH}/find_package -DCMAKE_PREFIX_PATH=${PREFIX} -DNABLUR_WANTED=${VERSION})
