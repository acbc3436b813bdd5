// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/needle/grid.h"

#include <filesystem>
#include <fstream>
#include <optional>

namespace moescope::needle {

/** The state of a grid under way: a line of JSON for its plan, then one for each case that is over, each with a checksum. It
 *  is appended to, so the end of the program, by whatever, costs the case that was being run; a last line that was cut is
 *  written anew. */
class GridFile {
public:
    /** Begins a file. Throws trace::Error{needle.write}; where one is there, {needle.unfinished} if cases are finished in it, and
     *  {needle.state} if it is no state of a grid: neither is replaced. */
    static GridFile begin(const std::filesystem::path& path, Grid& grid);
    /** Goes on with one: its results go into `grid`, which has none. A file that is not there is begun. Throws
     *  trace::Error{needle.state} if it is none, {needle.other_plan} naming what differs, {needle.damaged} naming the
     *  line, {needle.write}. */
    static GridFile resume(const std::filesystem::path& path, Grid& grid);

    /** The result of the grid's next case, with the system when this returns. */
    void add(CaseResult result);
    /** Of a grid that is over and written elsewhere. */
    void remove();
    /** Cases that resume() took over. */
    size_t resumed() const { return m_resumed; }

private:
    GridFile(std::filesystem::path path, Grid& grid);
    static GridFile beginAnew(const std::filesystem::path& path, Grid& grid);
    void write(const std::string& line);

    std::filesystem::path m_path;
    Grid& m_grid;
    size_t m_resumed = 0;
    std::ofstream m_out;
};

/** Plan and results of a state, for looking at; nothing if there is no file, or its plan was not written to the end. Throws
 *  trace::Error{needle.state}, {needle.damaged}. */
std::optional<Grid> readGrid(const std::filesystem::path& path);

} // namespace moescope::needle
