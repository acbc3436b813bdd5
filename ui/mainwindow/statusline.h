// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QStatusBar>

namespace moescope::ui {

class ContextMeter;
class StatusItem;

/** What the window is doing. */
enum class Activity { Empty, Idle, Loading, Reading, Answering };

/** State · model · device · speed at the left, KV · context · Offline at the right. A part that has a page opens it. */
class StatusLine : public QWidget {
    Q_OBJECT
public:
    explicit StatusLine(QWidget* parent = nullptr);

    void setActivity(Activity activity, const QString& words);
    void setModel(const QString& name, const QString& type);
    void setDevice(const QString& name, bool software);
    void setSpeed(double decode, double prefill);
    void setKv(quint64 usedBytes, quint64 reservedBytes);
    void setContext(int usedTokens, int limitTokens);
    /** What fits in a window this wide; `inspect`: prefill speed too. */
    void setRoom(int windowWidth, bool inspect);

signals:
    void modelClicked();
    void deviceClicked();
    void kvClicked();
    void contextClicked();

protected:
    bool event(QEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void refresh();

    StatusItem* m_state = nullptr;
    StatusItem* m_model = nullptr;
    StatusItem* m_device = nullptr;
    StatusItem* m_speed = nullptr;
    StatusItem* m_kv = nullptr;
    ContextMeter* m_context = nullptr;
    StatusItem* m_offline = nullptr;
    QString m_modelName;
    QString m_modelType;
    QString m_deviceName;
    bool m_software = false;
    double m_decode = 0;
    double m_prefill = 0;
    quint64 m_usedBytes = 0;
    quint64 m_reservedBytes = 0;
    int m_windowWidth = 1440;
    bool m_inspect = false;
};

/** The status bar that holds the line (28 px). */
class StatusArea : public QStatusBar {
    Q_OBJECT
public:
    explicit StatusArea(QWidget* parent = nullptr);

protected:
    void paintEvent(QPaintEvent* event) override;
};

} // namespace moescope::ui
