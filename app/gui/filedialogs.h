// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QString>

#include <functional>

class QWidget;

namespace moescope::gui {

/** A name for a file made of words, which need not be fit for one. */
QString fileNameOf(const QString& words, const QString& ending);

/** Asks for a file to read, or for one to write that is called `name` at first, and calls `use(path)` unless the user
 *  thinks better of it: then `not_used()`. `kinds` as QFileDialog takes them. */
void askForFileToRead(QWidget* parent, const QString& title, const QString& kinds,
                      const std::function<void(const QString&)>& use);
void askForFileToWrite(QWidget* parent, const QString& title, const QString& kinds, const QString& name,
                       const std::function<void(const QString&)>& use, const std::function<void()>& not_used = {});
/** For routing as int32 .npy, called after `title`. */
void askForRoutingFile(QWidget* parent, const QString& title, const std::function<void(const QString&)>& use);

} // namespace moescope::gui
