// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QString>

#include <functional>

class QWidget;

namespace moescope::ui {

/** Asks for a file to read, or for one to write that is called `name` at first, and calls `use(path)` unless the user
 *  thinks better of it: then `not_used()`. `kinds` as QFileDialog takes them; empty: all. Returns at once: the dialog
 *  stands before its window and ends with `parent`, and everything else goes on. */
void askForFileToRead(QWidget* parent, const QString& title, const QString& kinds,
                      const std::function<void(const QString&)>& use);
void askForFileToWrite(QWidget* parent, const QString& title, const QString& kinds, const QString& name,
                       const std::function<void(const QString&)>& use, const std::function<void()>& not_used = {});

} // namespace moescope::ui
