// SPDX-License-Identifier: Apache-2.0
#include "ui/models/errortext.h"

#include <QCoreApplication>

namespace moescope::ui {

QString sentence(const trace::Error& error) {
    const QString pattern = QCoreApplication::translate("errors", error.pattern().c_str(), error.id().c_str());
    return QString::fromStdString(trace::fillIn(pattern.toStdString(), error.arguments()));
}

} // namespace moescope::ui
